import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { getopt } from "../../../src/cli/cntlm/getopt.ts";
import { UsageError } from "../../../src/core/errors.ts";

const takes = new Map([
  ["f", false],
  ["v", false],
  ["l", true],
  ["u", true],
]);

const table: readonly [what: string, args: readonly string[], options: string, rest: readonly string[]][] = [
  ["nothing", [], "", []],
  ["letters apart", ["-f", "-v"], "f v", []],
  ["letters joined", ["-fv"], "f v", []],
  ["a value that follows", ["-l", "3128"], "l=3128", []],
  ["a value attached", ["-l3128"], "l=3128", []],
  ["a value behind joined letters", ["-fl3128", "-fvl", "3129"], "f l=3128 f v l=3129", []],
  ["a value that looks like an option", ["-u", "-f"], "u=-f", []],
  ["an empty value", ["-u", ""], "u=", []],
  ["the first word that is no option ends them", ["-f", "host", "-v"], "f", ["host", "-v"]],
  ["two dashes end them", ["-f", "--", "-v"], "f", ["-v"]],
  ["a dash alone is no option", ["-", "-f"], "", ["-", "-f"]],
];
for (const [what, args, options, rest] of table)
  test(`getopt: ${what}`, () => {
    const found = getopt(args, takes);
    const shown = found.options.map((one) =>
      one.value === undefined ? one.letter : `${one.letter}=${one.value}`,
    );
    assert.deepEqual([shown.join(" "), found.rest], [options, rest]);
  });

for (const [args, message] of [
  [["-fz"], /no option -z/],
  [["-f", "-l"], /-l needs a value/],
  [["--password=geheim"], /no option --password\.$/],
] as const)
  test(`getopt refuses ${args.join(" ")}`, () => {
    assert.throws(
      () => getopt(args, takes),
      (error) => error instanceof UsageError && message.test(error.message),
    );
  });

test("getopt reads back every way to write the same options", () => {
  const flag = fc.constantFrom("f", "v").map((letter) => ({ letter, value: undefined }));
  const valued = fc.record({ letter: fc.constantFrom("l", "u"), value: fc.string({ minLength: 1 }) });
  const option = fc.record({ option: fc.oneof(flag, valued), attached: fc.boolean(), joined: fc.boolean() });
  fc.assert(
    fc.property(fc.array(option), fc.array(fc.string()), (given, rest) => {
      const args: string[] = [];
      let open = false;
      for (const { option, attached, joined } of given) {
        if (open && joined) args[args.length - 1] += option.letter;
        else args.push(`-${option.letter}`);
        open = option.value === undefined;
        if (option.value === undefined) continue;
        if (attached) args[args.length - 1] += option.value;
        else args.push(option.value);
      }
      const found = getopt([...args, "--", ...rest], takes);
      assert.deepEqual(
        found.options.map((one) => ({ ...one })),
        given.map((one) => ({ ...one.option })),
      );
      assert.deepEqual(found.rest, rest);
    }),
  );
});
