import type { EpochEvent, ResumeEvent, StepEvent } from "@relatum/tensor-utils/train";

/** Steps over which the rate and the shown loss are averaged. */
const WINDOW = 20;

const BAR_WIDTH = 20;

/** Sizes that progress is measured against. */
export interface TrainingSize {
  readonly epochs: number;
  /** Training documents, or sentences. */
  readonly documents: number;
  /** Documents per step, or sentences. */
  readonly documentsPerStep: number;
  /** What is counted; documents without it. */
  readonly unit?: "documents" | "sentences";
}

/** What training tells; of papers that train several models one after the other, with the name of the stage. */
export type TrainingEvent = (StepEvent | EpochEvent | ResumeEvent) & { readonly stage?: string };

/** Describes a training run in one line as its events come in. */
export class TrainingProgress {
  readonly #sizeOf: (stage: string | undefined) => TrainingSize;
  readonly #now: () => number;
  #size: TrainingSize;
  #stage: string | undefined;
  #epoch: number | undefined;
  #stepsPerEpoch: number;
  #recent: { readonly loss: number; readonly seconds: number }[] = [];
  #last: number;

  /**
   * @param size Of the training, or of each of its stages.
   * @param now Milliseconds of a clock.
   */
  constructor(size: TrainingSize | ((stage: string | undefined) => TrainingSize), now: () => number) {
    this.#sizeOf = typeof size === "function" ? size : () => size;
    this.#now = now;
    this.#size = this.#sizeOf(undefined);
    this.#stepsPerEpoch = stepsPerEpoch(this.#size);
    this.#last = now();
  }

  /** The line that shows the state after an event. */
  describe(event: TrainingEvent): string {
    if (event.stage !== this.#stage) this.#beginStage(event.stage);
    const line = this.#describe(event);
    return event.stage === undefined ? line : `${event.stage}: ${line}`;
  }

  #beginStage(stage: string | undefined): void {
    this.#stage = stage;
    this.#size = this.#sizeOf(stage);
    this.#stepsPerEpoch = stepsPerEpoch(this.#size);
    this.#epoch = undefined;
    this.#recent = [];
  }

  #describe(event: TrainingEvent): string {
    if (event.kind === "resume") {
      this.#last = this.#now();
      const passedOver = event.skipped.map((reason) => ` A damaged checkpoint was passed over: ${reason}`).join("");
      return `Going on after step ${event.step} in epoch ${event.epoch}.${passedOver}`;
    }
    if (event.kind === "epoch") {
      this.#last = this.#now(); // time spent scoring is no part of the rate
      const score = event.score === undefined ? "" : `, development score ${(100 * event.score).toFixed(2)}`;
      const padding = event.padding === undefined ? "" : `, ${Math.round(100 * event.padding)} % padding`;
      return `Epoch ${event.epoch} of ${this.#size.epochs}: mean loss ${event.meanLoss.toFixed(4)}${score}${padding}.`;
    }
    return this.#describeStep(event);
  }

  #describeStep({ epoch, step, loss }: StepEvent): string {
    const time = this.#now();
    this.#recent = [...this.#recent, { loss, seconds: (time - this.#last) / 1000 }].slice(-WINDOW);
    this.#last = time;
    // How many steps an epoch has in truth shows when the next one begins.
    if (this.#epoch !== undefined && epoch > this.#epoch) this.#stepsPerEpoch = Math.ceil((step - 1) / (epoch - 1));
    this.#epoch = epoch;

    const total = this.#size.epochs * this.#stepsPerEpoch;
    const mean = (of: (one: { loss: number; seconds: number }) => number): number =>
      this.#recent.reduce((sum, one) => sum + of(one), 0) / this.#recent.length;
    const { unit = "documents" } = this.#size;
    const secondsPerStep = mean(({ seconds }) => seconds);
    const rate = secondsPerStep > 0 ? (this.#size.documentsPerStep / secondsPerStep).toFixed(1) : "–";
    const state = `loss ${mean((one) => one.loss).toFixed(4)} ${rate} ${unit}/s`;
    // An epoch of more steps than thought: how many is not known before it has ended.
    if (step > epoch * this.#stepsPerEpoch) return `step ${step} of epoch ${epoch} of ${this.#size.epochs} ${state}`;
    const left = formatDuration((total - step) * secondsPerStep);
    return `${formatBar(step / total)} step ${step}/${total} ${state} ${left} left`;
  }
}

function stepsPerEpoch({ documents, documentsPerStep }: TrainingSize): number {
  return Math.ceil(documents / documentsPerStep);
}

/** A duration to two units: `3 h 05 min`, `4 min 10 s`, `12 s`. */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (hours > 0) return `${hours} h ${String(minutes).padStart(2, "0")} min`;
  return minutes > 0 ? `${minutes} min ${String(rest).padStart(2, "0")} s` : `${rest} s`;
}

/** A bar that is filled to a share, 0–1. */
export function formatBar(share: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * BAR_WIDTH);
  return `[${"=".repeat(filled)}${" ".repeat(BAR_WIDTH - filled)}]`;
}
