/** What a decoder computes with: WebAssembly SIMD where the browser has it, else plain JavaScript. */

import { host } from "../component/host.js";
import { PlainKernels } from "./plain_kernels.js";
import { SimdKernels } from "./simd_kernels.js";

/** @type {WebAssembly.Module | null} */
let compiled = null;

/** @type {Promise<WebAssembly.Module | null> | undefined} */
let compiling;

async function compile() {
  const response = await host.fetch(new URL("./kernels.wasm", import.meta.url).href);
  return WebAssembly.compile(await response.arrayBuffer());
}

/** Resolves to the compiled WebAssembly, null where there is none; `kernels` then uses it. */
export async function ready() {
  compiled = await (compiling ??= compile().catch(() => null));
  return compiled;
}

/** The WebAssembly for a decoder in a worker; null where there is none. */
export const wasm = () => compiled;

/** Kernels for one decoder. @param {WebAssembly.Module | null} module where the WebAssembly was compiled elsewhere */
export const kernels = (module = compiled) => (module ? new SimdKernels(module) : new PlainKernels());
