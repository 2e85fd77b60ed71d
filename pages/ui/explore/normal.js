/** Quantiles and distribution function of the standard normal. */

/** Quantile function of the standard normal (Acklam, 2003; relative error below 1.2e-9). */
export function probit(p) {
  const a = [-39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716, 2.506628277459239];
  const b = [-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572];
  const c = [-0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968, 2.938163982698783];
  const d = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416];
  const poly = (q, coefficients) => coefficients.reduce((sum, k) => sum * q + k, 0);
  if (p > 0.97575) return -probit(1 - p);
  if (p < 0.02425) { const q = Math.sqrt(-2 * Math.log(p)); return poly(q, c) / (poly(q, d) * q + 1); }
  const q = p - 0.5, r = q * q;
  return poly(r, a) * q / (poly(r, b) * r + 1);
}

/** Distribution function of the standard normal (Marsaglia, 2004: a Taylor series, to double precision). */
export function normalCdf(z) {
  if (Math.abs(z) > 7) return z > 0 ? 1 : 0;
  let sum = z, term = z;
  for (let i = 3; Math.abs(term) > 1e-16 * Math.abs(sum); i += 2) { term *= z * z / i; sum += term; }
  return 0.5 + sum * Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);
}
