/** Something that a comparison of speeds needs and does not have, or a counterpart that does other work. */
export class SpeedError extends Error {
  override readonly name = "SpeedError";
}
