// A reporter for test-lab.mjs: the outcome of each test, one JSON object a line.
export default async function* outcomes(events) {
  for await (const { type, data } of events) {
    if (type !== "test:pass" && type !== "test:fail") continue;
    const outcome = {
      file: data.file,
      name: data.name,
      top: data.nesting === 0,
      suite: data.details?.type === "suite",
      passed: type === "test:pass",
      skipped: data.skip !== undefined || data.todo !== undefined,
      // Failed only because a test inside it did.
      byChild: data.details?.error?.failureType === "subtestsFailed",
    };
    yield `${JSON.stringify(outcome)}\n`;
  }
}
