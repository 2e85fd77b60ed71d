import assert from "node:assert/strict";
import test from "node:test";

import { mix } from "../../pages/ui/generate/mix.js";

test("a mix is the weighted mean, beyond two dimensions with the mean norm", () => {
  assert.deepEqual(mix([[0, 1], [4, 3]], [0.75, 0.25]), [1, 1.5]);
  const found = mix([[3, 0, 0], [0, 5, 0]], [1, 1]);
  assert.ok(Math.abs(Math.hypot(...found) - 4) < 1e-9); // the mean of the norms 3 and 5
  assert.ok(Math.abs(found[0] / found[1] - 3 / 5) < 1e-9 && found[2] === 0);
});
