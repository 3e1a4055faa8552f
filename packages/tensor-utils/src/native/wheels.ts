import { EngineError } from "./engine-error.ts";
import { type LibraryKind, TENSORFLOW_VERSION } from "./cache.ts";

/** A file of the Python package index that brings libraries. */
export interface Wheel {
  readonly name: string;
  readonly version: string;
  /** The tag that pip knows its platform by. */
  readonly platform: string;
  readonly sha256: string;
  readonly megabytes: number;
}

/** A system that libraries are chosen for. */
export interface Machine {
  /** Node's names of system and processor, joined: `"linux-x64"`. */
  readonly system: string;
  /** Version of the GNU C library; absent on other systems and on Linux with another C library. */
  readonly glibc?: string | undefined;
}

/** Least version of the GNU C library that TensorFlow's Linux wheels run on. */
const LEAST_GLIBC = [2, 27] as const;

/** The system that this process runs on. */
export function thisMachine(): Machine {
  const system = `${process.platform}-${process.arch}`;
  if (process.platform !== "linux") return { system };
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  return { system, glibc: header.glibcVersionRuntime };
}

/**
 * The wheels that one build of the library is made of, TensorFlow's own first.
 *
 * @throws {EngineError} If there is none for the system.
 */
export function wheelsFor(library: LibraryKind, machine: Machine): readonly Wheel[] {
  const wheels = (library === "gpu" ? GPU_WHEELS : CPU_WHEELS)[machine.system];
  const engine = library === "gpu" ? "gpu" : "native";
  if (wheels === undefined) {
    const systems = Object.keys(library === "gpu" ? GPU_WHEELS : CPU_WHEELS).join(", ");
    const rule = `TensorFlow ${TENSORFLOW_VERSION} for the ${library.toUpperCase()} must run on ${systems}`;
    throw new EngineError(engine, `${rule}, got ${machine.system}. Use the engine "wasm".`);
  }
  if (machine.system.startsWith("linux-") && !hasGlibc(machine.glibc)) {
    const rule = `TensorFlow ${TENSORFLOW_VERSION} must have the GNU C library ${LEAST_GLIBC.join(".")} or later`;
    throw new EngineError(engine, `${rule}, got ${machine.glibc ?? "another C library"}. Use the engine "wasm".`);
  }
  return wheels;
}

function hasGlibc(version: string | undefined): boolean {
  const [major = 0, minor = 0] = (version ?? "0").split(".").map(Number);
  return major > LEAST_GLIBC[0] || (major === LEAST_GLIBC[0] && minor >= LEAST_GLIBC[1]);
}

function wheel(name: string, version: string, platform: string, megabytes: number, sha256: string): Wheel {
  return { name, version, platform, megabytes, sha256 };
}

function tensorflow(name: string, platform: string, megabytes: number, sha256: string): Wheel {
  return wheel(name, TENSORFLOW_VERSION, platform, megabytes, sha256);
}

const CPU_WHEELS: Readonly<Record<string, readonly Wheel[]>> = {
  "linux-x64": [
    tensorflow(
      "tensorflow-cpu",
      "manylinux_2_27_x86_64",
      249,
      "2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c",
    ),
  ],
  "linux-arm64": [
    tensorflow(
      "tensorflow",
      "manylinux_2_27_aarch64",
      283,
      "4b24aca16d527a3cf1c37f720c04c484c3d20f4d0fdfa98632ac8b9f3be6eb5c",
    ),
  ],
  "darwin-arm64": [
    tensorflow(
      "tensorflow",
      "macosx_12_0_arm64",
      223,
      "51f46f4806139d01fc7920cc72a4c75876f80649bf40ff083ab6212ceb43ca88",
    ),
  ],
};

/** The versions that pip chooses for `tensorflow[and-cuda]`: CUDA 12.9 and cuDNN 9. */
const GPU_WHEELS: Readonly<Record<string, readonly Wheel[]>> = {
  "linux-x64": [
    tensorflow(
      "tensorflow",
      "manylinux_2_27_x86_64",
      572,
      "9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124",
    ),
    wheel(
      "nvidia-cublas-cu12",
      "12.9.3.13",
      "manylinux_2_27_x86_64",
      581,
      "d7d51055f161b317c7105ddaae90e71eda059026074ffef93cf7cde2886bfe72",
    ),
    wheel(
      "nvidia-cuda-cupti-cu12",
      "12.9.79",
      "manylinux_2_25_x86_64",
      11,
      "096bcf334f13e1984ba36685ad4c1d6347db214de03dbb6eebb237b41d9d934f",
    ),
    wheel(
      "nvidia-cuda-nvcc-cu12",
      "12.9.86",
      "manylinux2010_x86_64",
      41,
      "5d6a0d32fdc7ea39917c20065614ae93add6f577d840233237ff08e9a38f58f0",
    ),
    wheel(
      "nvidia-cuda-nvrtc-cu12",
      "12.9.86",
      "manylinux2010_x86_64",
      90,
      "210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4",
    ),
    wheel(
      "nvidia-cuda-runtime-cu12",
      "12.9.79",
      "manylinux2014_x86_64",
      3,
      "25bba2dfb01d48a9b59ca474a1ac43c6ebf7011f1b0b8cc44f54eb6ac48a96c3",
    ),
    wheel(
      "nvidia-cudnn-cu12",
      "9.28.0.42",
      "manylinux_2_27_x86_64",
      717,
      "9ff58b7f36dacd0a93e89f8f2957b52466889217963701daa15e577317cfa375",
    ),
    wheel(
      "nvidia-cufft-cu12",
      "11.4.1.4",
      "manylinux2014_x86_64",
      201,
      "c67884f2a7d276b4b80eb56a79322a95df592ae5e765cf1243693365ccab4e28",
    ),
    wheel(
      "nvidia-curand-cu12",
      "10.3.10.19",
      "manylinux_2_27_x86_64",
      68,
      "49b274db4780d421bd2ccd362e1415c13887c53c214f0d4b761752b8f9f6aa1e",
    ),
    wheel(
      "nvidia-cusolver-cu12",
      "11.7.5.82",
      "manylinux_2_27_x86_64",
      338,
      "15da72d1340d29b5b3cf3fd100e3cd53421dde36002eda6ed93811af63c40d88",
    ),
    wheel(
      "nvidia-cusparse-cu12",
      "12.5.10.65",
      "manylinux2014_x86_64",
      366,
      "73060ce019ac064a057267c585bf1fd5a353734151f87472ff02b2c5c9984e78",
    ),
    wheel(
      "nvidia-nccl-cu12",
      "2.32.3",
      "manylinux_2_27_x86_64",
      352,
      "bb94b2348e4861d5e8aa00b36c3d12d9bdf9c6369b82cbb723de0b582280a21c",
    ),
    wheel(
      "nvidia-nvjitlink-cu12",
      "12.9.86",
      "manylinux2010_x86_64",
      40,
      "e3f1171dbdc83c5932a45f0f4c99180a70de9bd2718c1ab77d14104f6d7147f9",
    ),
  ],
};
