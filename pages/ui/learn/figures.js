/** The figures of the Learn page by their names: `new Figure(home, { models, betas, theme, say })`. */

import { Kl, Loss, Posterior, Reparameterise } from "./cloud_figures.js";
import { Code, Pixel, Sample } from "./code_figures.js";
import { Beta, Holes, Relatives, Uses } from "./model_figures.js";

export const FIGURES = {
  code: Code, holes: Holes, posterior: Posterior, reparameterise: Reparameterise, decoder: Pixel, loss: Loss, kl: Kl, beta: Beta, sample: Sample,
  relatives: Relatives, uses: Uses,
};
