/** Noise seeds in groups (vae/models/base.py): the first of a group, and the variation within it. */

/** @param facts { variations, seedGroups: [name, first][] }, as the items have them */
export function split(seed, { variations }) {
  const variation = seed % variations;
  return { first: seed - variation, variation };
}

/** Fills a <select> with the groups, and hides the element around it where there are none. */
export function offerGroups(select, { seedGroups }) {
  select.replaceChildren(...seedGroups.map(([name, first]) => new Option(name[0].toUpperCase() + name.slice(1), first)));
  select.parentElement.hidden = !seedGroups.length;
}

/** A seed in words; "" for the one that stands for nothing. */
export function seedName(seed, facts) {
  const { first, variation } = split(seed, facts), group = facts.seedGroups.find(([, start]) => start === first);
  return [group?.[0], variation ? `noise seed ${variation}` : ""].filter(Boolean).join(", ");
}
