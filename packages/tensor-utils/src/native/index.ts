export { useEngine } from "./engine.ts";
