import type { TrainingSettings } from "../experiment.ts";
import type { LogEvent } from "../run-log.ts";
import type { ScalarEvent } from "./event-file.ts";

/**
 * Makes a function that turns the events of a run's log, in order, into what TensorBoard shows.
 *
 * Steps give loss, gradient norm and learning rates; epochs mean loss, development score and padding; splits their
 * scores. Tags of papers that train several models begin with the stage. Other events give nothing.
 *
 * @param training The experiment's, for the learning rates.
 */
export function createScalarReader(training: TrainingSettings): (event: LogEvent, time: number) => ScalarEvent[] {
  let lastStep = 0;
  return (event, time) => {
    switch (event.kind) {
      case "step": {
        lastStep = event.step;
        const { encoderLearningRate, headLearningRate } = settingsOf(training, event.stage);
        const scalars = {
          loss: event.loss,
          "gradient norm": event.gradientNorm,
          "learning rate/encoder": encoderLearningRate * event.learningRateMultiplier,
          "learning rate/head": headLearningRate * event.learningRateMultiplier,
        };
        return [{ time, step: event.step, scalars: tag(event.stage, scalars) }];
      }
      case "resume":
        lastStep = event.step;
        return [];
      case "epoch": {
        const scalars = {
          "epoch/mean loss": event.meanLoss,
          ...(event.score !== undefined && { "epoch/development score": event.score }),
          ...(event.padding !== undefined && { "epoch/padding": event.padding }),
        };
        return [{ time, step: lastStep, scalars: tag(event.stage, scalars) }];
      }
      case "scores": {
        return [{ time, step: lastStep, scalars: tag(event.split, event.metrics) }];
      }
      default:
        return [];
    }
  };
}

function settingsOf({ stages = {}, ...settings }: TrainingSettings, stage: string | undefined): TrainingSettings {
  return { ...settings, ...(stage === undefined ? {} : stages[stage]) };
}

function tag(group: string | undefined, scalars: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(scalars).map(([name, value]) => [group === undefined ? name : `${group}/${name}`, value]),
  );
}
