import { pythonCommand } from "./build-tools.ts";
import { DISK_ADVICE, saysDiskFull } from "./disk-error.ts";
import { EngineError } from "./engine-error.ts";
import { type CommandContext, runCommand } from "./run-command.ts";

/** TensorFlow's two libraries, the headers that the binding includes, and CUDA's libraries and compiler parts. */
const WANTED = [
  String.raw`tensorflow/libtensorflow_(cc|framework)(\.so\.2|\.2\.dylib)$`,
  "tensorflow/include/(tensorflow/c|tensorflow/core/platform|tensorflow/core/framework|tsl|xla/tsl)/",
  String.raw`nvidia/[^/]+/lib/[^/]+\.so`,
  "nvidia/cuda_nvcc/(bin|nvvm)/",
];

/** Python's zipfile streams, so that a library of 1 GB takes no memory. */
const SCRIPT = `
import os, re, sys, zipfile
wanted = re.compile(sys.argv[3])
with zipfile.ZipFile(sys.argv[1]) as archive:
    for entry in archive.infolist():
        if wanted.match(entry.filename) and not entry.is_dir():
            path = archive.extract(entry, sys.argv[2])
            os.chmod(path, 0o755 if "/bin/" in entry.filename else 0o644)
`;

/**
 * Extracts what the engine needs of a wheel.
 *
 * @param file The wheel.
 * @param directory The folder that receives `tensorflow/` or `nvidia/`.
 * @throws {EngineError} If the file is no wheel or the disk is full.
 */
export async function extractWheel(file: string, directory: string, context: CommandContext): Promise<void> {
  const parameters = ["-c", SCRIPT, file, directory, WANTED.join("|")];
  const { status, output } = await runCommand(pythonCommand(context.environment), parameters, context);
  if (status !== 0) {
    const reason = output.trim().split("\n").at(-1) || status;
    const advice = saysDiskFull(output) ? ` ${DISK_ADVICE}` : "";
    throw new EngineError("native", `${file} must be extracted, got: ${reason}.${advice}`);
  }
}
