export { record, type Recorded, type RecordOptions } from "./record.ts";
export { bucketSize } from "./buckets.ts";
export { graphSettings, type GraphSettings, useGraphs } from "./settings.ts";
