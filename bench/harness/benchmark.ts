/** What a file of bench/ exports: subjects that do the same work, one after the other, in every round. */
export interface Benchmark {
  /** As the file is called. */
  readonly name: string;
  /** The work, as a person would say it. */
  readonly title: string;
  /** True when it needs the laboratory's proxies and origins. */
  readonly laboratory: boolean;
  /** Rounds of a full run. */
  readonly rounds: number;
  readonly metrics: Readonly<Record<string, Metric>>;
  /** Starts what lives over all rounds. The subjects are measured in turn, each round in another order. */
  prepare(stage: Stage): Promise<Readonly<Record<string, Subject>>>;
  /** What the medians say about the targets. */
  verdicts(median: (subject: string, metric: string) => number): readonly Verdict[];
}

export interface Metric {
  readonly label: string;
  /** Digits after the point. */
  readonly digits: number;
}

/** Does the work once. @returns a number for each metric that applies to it */
export type Subject = (round: number) => Promise<Readonly<Record<string, number>>>;

export interface Verdict {
  readonly what: string;
  readonly sallyport: string;
  /** What it is compared with, measured in the same run. */
  readonly peer: string;
  readonly target: string;
  readonly met: boolean;
}

/** What a benchmark is given. */
export interface Stage {
  /** Less work: to see that it runs, not to know how fast. */
  readonly quick: boolean;
  /** More patience with a slow peer. */
  readonly full: boolean;
  /** Called at the end, the last one first. */
  after(end: () => void | Promise<void>): void;
}
