// Loaded into a measured Node.js with --import and --expose-gc: at SIGUSR2 it collects and says what is left.
process.on("SIGUSR2", () => {
  globalThis.gc();
  const { rss, heapUsed, external } = process.memoryUsage();
  process.stderr.write(`memory ${rss} ${heapUsed} ${external}\n`);
});
