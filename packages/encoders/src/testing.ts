export { tinyBackbone, type TinyBackboneOptions } from "./tiny-backbone.ts";
