/** Reads [program in base64, codes, contexts] as JSON; writes the decoded images as JSON. */

import { readFileSync } from "node:fs";
import { Decoder } from "../../pages/ui/decoder/decoder.js";

const [program, codes, contexts = []] = JSON.parse(readFileSync(0, "utf-8"));
const bytes = Uint8Array.from(atob(program), (c) => c.charCodeAt(0));
const decoder = new Decoder(bytes.buffer);
process.stdout.write(JSON.stringify(codes.map((z, i) => Array.from(decoder.decode(z, contexts[i])))));
