export {
  definePureConfig,
  PURE_VARIANTS,
  type PureConfig,
  type PureRelationInput,
  type PureVariant,
} from "./config.ts";
