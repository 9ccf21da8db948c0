import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ReadBuffer } from "../../src/wire/buffers.ts";

const KIB = 1024;

test("a buffer grows while reads fill it, and shrinks after a run of small ones", () => {
  const one = new ReadBuffer();
  const sizes = [one.current.length];
  for (let i = 0; i < 5; i++) {
    one.noteRead(one.current.length);
    sizes.push(one.current.length);
  }
  assert.deepEqual(sizes, [4 * KIB, 32 * KIB, 128 * KIB, 512 * KIB, 512 * KIB, 512 * KIB]);
  for (let i = 0; i < 15; i++) one.noteRead(10);
  assert.equal(one.current.length, 512 * KIB);
  one.noteRead(200 * KIB);
  for (let i = 0; i < 16; i++) one.noteRead(10);
  assert.equal(one.current.length, 128 * KIB);
  one.release();
});

test("large buffers are used again, and no two wires ever have the same one", () => {
  const step = fc.record({ wire: fc.nat(19), act: fc.constantFrom("full", "full", "small", "end") });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const wires = new Map<number, ReadBuffer>();
      for (const { wire, act } of steps) {
        const one = wires.get(wire) ?? new ReadBuffer();
        wires.set(wire, one);
        if (act === "full") one.noteRead(one.current.length);
        else if (act === "small") for (let i = 0; i < 16; i++) one.noteRead(1);
        else {
          one.release();
          // A socket may ask once more, or be released twice.
          one.release();
          assert.equal(one.current.length, 0);
          wires.delete(wire);
        }
        const memory = [...wires.values()].map((each) => each.current.buffer);
        assert.equal(new Set(memory).size, memory.length);
      }
      for (const one of wires.values()) one.release();
    }),
  );
});

test("all large buffers together stay within a limit, and what is given back may be used again", () => {
  const wires = Array.from({ length: 1000 }, () => new ReadBuffer());
  const total = () => wires.reduce((sum, one) => sum + Math.max(0, one.current.length - 4 * KIB), 0);
  for (const one of wires) for (let i = 0; i < 3; i++) one.noteRead(one.current.length);
  assert.ok(total() <= 64 * KIB * KIB, `${total()} bytes`);
  assert.equal(wires.at(-1)!.current.length, 4 * KIB);
  wires[0]!.forget();
  wires[1]!.release();
  for (let i = 0; i < 3; i++) wires.at(-1)!.noteRead(wires.at(-1)!.current.length);
  assert.equal(wires.at(-1)!.current.length, 512 * KIB);
  for (const one of wires) one.release();
});
