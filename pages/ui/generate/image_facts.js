/** What is said of an image of a sheet: where it is, how new, and whether the model has seen anything like it. */

import { seedName } from "../decoder/seed_groups.js";

export const LOW_DENSITY = 0.05; // in units of the density at the median real image
const MEDIUM_DENSITY = 0.3;

function placeLine(z, { seed }, facts) {
  const detail = seedName(seed, facts);
  return `z ${z.map((v) => v.toFixed(2)).join(", ")}${detail && ` · ${detail}`}`;
}

/** Of an image that was moved from its record to z. */
export const movedLines = (z, record, facts) => (
  [placeLine(z, record, facts), "moved along directions; “Move” adds it to the sheet, “Vary” varies it"]);

/** Of a record of a sheet. @param sheet with the distances from the nearest real images, once they are here */
export function factLines({ records, distance, density, unknown }, index, { facts, referenceDistances }) {
  const record = records[index], far = distance?.[index], local = density[index], [near, median] = referenceDistances;
  const novelty = far < near ? "near-duplicate of a real image" : far < median ? "similar to a real image" : "clearly novel";
  const level = local < LOW_DENSITY ? "low" : local < MEDIUM_DENSITY ? "medium" : "high";
  return [
    placeLine(record.z, record, facts),
    far === undefined ? unknown ?? "Looking for the nearest real image…" : `${far.toFixed(3)} RMS per pixel from the nearest real image: ${novelty}`,
    `Local density ${level}, ${local.toFixed(2)} × the median`,
    ...(record.step ? [record.step] : []),
  ];
}
