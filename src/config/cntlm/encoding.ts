import { type CntlmEncoding, cntlmEncodings, tellEncoding } from "../../auth/cntlm-hash.ts";
import type { Place } from "../problem.ts";
import type { CntlmFile } from "./file.ts";
import type { CntlmSurroundings } from "./from-cntlm.ts";
import type { CntlmLine } from "./grammar.ts";

export interface GivenHashes {
  readonly passNtlmv2?: CntlmLine;
  readonly passNt?: CntlmLine;
  readonly passLm?: CntlmLine;
}

/**
 * In which of cntlm's two encodings the hashes are: proven by themselves, else as the one setting says
 * (`--cntlm-hashes`, `SALLYPORT_CNTLM_HASHES`, a line `# sallyport: hashes = 0.94`, in this order), else 0.92,
 * which the distributions ship, with a warning. Undefined when the file is contradictory, which is noted.
 */
export function chooseEncoding(
  file: CntlmFile,
  hashes: GivenHashes,
  used: CntlmLine,
  around: CntlmSurroundings,
): CntlmEncoding | undefined {
  const proven = tellEncoding({
    passNt: hashes.passNt?.value,
    passNtlmv2: hashes.passNtlmv2?.value,
    passLm: hashes.passLm?.value,
    username: file.once("Username")?.value,
    domain: file.once("Domain")?.value,
  });
  const said = saidEncoding(file, around);
  if (said === "broken") return undefined;
  if (proven !== "unknown") {
    if (said === undefined || said.encoding === proven) return proven;
    file.problems.error(
      said.place,
      `the hashes are said to be those of cntlm ${said.encoding}, and they are provably those of ${proven}`,
      "take the setting out",
    );
    return undefined;
  }
  const place = file.place(used);
  if (hashes.passNt && hashes.passNtlmv2)
    file.problems.warning(
      place,
      "PassNTLMv2 and PassNT do not belong to one password of this Username and Domain; PassNTLMv2 is used",
      "make both again: sallyport hash --cntlm",
    );
  if (said) return said.encoding;
  file.problems.warning(
    place,
    `nothing proves which cntlm wrote ${used.keyword}; it is read as that of 0.92, which the distributions ship`,
    "say it with a line in this file: # sallyport: hashes = 0.92 (or 0.94, when cntlm -v says 0.94)",
  );
  return "0.92";
}

interface Said {
  readonly encoding: CntlmEncoding;
  readonly place: Place;
}

/** The encoding that was said, and where; undefined when nobody did. */
export function saidEncoding(
  file: CntlmFile,
  { overrides, env }: CntlmSurroundings,
): Said | "broken" | undefined {
  if (overrides?.cntlmHashes) return { encoding: overrides.cntlmHashes, place: { file: "--cntlm-hashes" } };
  const fromEnvironment = env.SALLYPORT_CNTLM_HASHES;
  if (fromEnvironment) return known(file, fromEnvironment, { file: "SALLYPORT_CNTLM_HASHES" });
  for (const { text, line } of file.comments) {
    const value = /^sallyport:\s*hashes\s*=?\s*(.*)$/i.exec(text)?.[1];
    if (value !== undefined) return known(file, value, file.place({ line, column: 1 }));
  }
  return undefined;
}

function known(file: CntlmFile, text: string, place: Place): Said | "broken" {
  const encoding = cntlmEncodings.find((one) => text.replace(/["']/g, "").startsWith(one));
  if (encoding) return { encoding, place };
  file.problems.error(place, "the encoding of cntlm's hashes is neither 0.92 nor 0.94", "write 0.92 or 0.94");
  return "broken";
}
