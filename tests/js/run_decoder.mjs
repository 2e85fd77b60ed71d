/**
 * For each line [program in base64, codes, contexts] of JSON, writes the images that each kind of kernels decodes, as a
 * line { simd, plain, multiplyAdds } or { error }.
 */

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { Decoder } from "../../pages/ui/decoder/decoder.js";
import { PlainKernels } from "../../pages/ui/decoder/plain_kernels.js";
import { SimdKernels } from "../../pages/ui/decoder/simd_kernels.js";

const module = new WebAssembly.Module(readFileSync(new URL("../../pages/ui/decoder/kernels.wasm", import.meta.url)));

function answer([program, codes, contexts]) {
  const { buffer } = Uint8Array.from(atob(program), (c) => c.charCodeAt(0));
  const decoded = (decoder) => codes.map((z, i) => Array.from(decoder.decode(z, contexts[i])));
  const simd = new Decoder(buffer, new SimdKernels(module)), plain = new Decoder(buffer, new PlainKernels());
  return { simd: decoded(simd), plain: decoded(plain), multiplyAdds: simd.multiplyAdds };
}

for await (const line of createInterface({ input: process.stdin })) {
  let result;
  try { result = answer(JSON.parse(line)); } catch (error) { result = { error: String(error) }; }
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
