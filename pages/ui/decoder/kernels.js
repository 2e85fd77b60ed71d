/** What a decoder computes with: WebAssembly SIMD where the browser has it, else plain JavaScript. */

import { PlainKernels } from "./plain_kernels.js";
import { SimdKernels } from "./simd_kernels.js";

/** @type {WebAssembly.Module | null} */
let compiled = null;

async function compile() {
  const response = await fetch(new URL("./kernels.wasm", import.meta.url));
  compiled = await WebAssembly.compile(await response.arrayBuffer());
}

/** Resolves when `kernels` may be called: the WebAssembly has been compiled, or there is none. */
export const ready = compile().catch(() => {});

/** Kernels for one decoder. */
export const kernels = () => (compiled ? new SimdKernels(compiled) : new PlainKernels());
