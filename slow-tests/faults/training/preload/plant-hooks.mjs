// The loader of plant.mjs: it runs in a thread of its own.
let plant;

export function initialize(data) {
  plant = data;
}

export async function load(url, context, nextLoad) {
  const loaded = await nextLoad(url, context);
  if (!url.endsWith(plant.file)) return loaded;
  const source = String(loaded.source);
  if (!source.includes(plant.find)) throw new Error(`${url} must hold what is to be replaced: ${plant.find}`);
  return { ...loaded, source: source.replace(plant.find, () => plant.put) };
}
