import pkg from "../../../package.json" with { type: "json" };
import { cntlmOptions } from "../../config/cntlm/options.ts";
import { type CntlmFlag, cntlmFlags } from "./flags.ts";

/** What `cntlm -h` prints, and a wrong option too. */
export function usage(program: string): string {
  const letters = cntlmFlags.map((one) => one.letter).join("");
  const lines = cntlmFlags.flatMap((one) => [
    `\t-${one.letter}${one.takes === undefined ? "" : `  ${one.takes}`}`,
    `\t    ${one.does}${notHere(one)}`,
  ]);
  return `cntlm, played by Sallyport ${pkg.version}

Usage: ${program} [-${letters}] <proxy_host>[:]<proxy_port> ...
${lines.join("\n")}

`;
}

/** What is said behind a flag that is refused; empty for those that work. */
export function notHere({ keyword }: CntlmFlag): string {
  const option = cntlmOptions.find((one) => one.name === keyword);
  if (option?.use === "later" || keyword === "NTLMToBasic") return " (refused: comes in a later version)";
  return option?.use === "never" ? " (refused)" : "";
}
