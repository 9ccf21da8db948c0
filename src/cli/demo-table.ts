import type { createColors } from "picocolors";
import type { DemoNetwork } from "../demo/network.ts";
import type { StepReport } from "../demo/run-steps.ts";

export type Colors = ReturnType<typeof createColors>;

const columns = [
  ["client", 6],
  ["request", 34],
  ["result", 17],
  ["through", 8],
  ["requests", 8],
  ["round trips", 11],
  ["new TCP", 7],
  ["logons", 6],
  ["answer", 7],
] as const;

/** The demo's table, row by row as things happen. Columns from `requests` on are numbers, and stand right. */
export class Table {
  readonly #network: DemoNetwork;
  readonly #colors: Colors;

  constructor(network: DemoNetwork, colors: Colors) {
    this.#network = network;
    this.#colors = colors;
  }

  head(): string {
    const line = columns.map(([title]) => title);
    const rule = columns.map(([, width]) => "-".repeat(width)).join("  ");
    return `${this.#colors.bold(this.#line(line))}\n${this.#colors.dim(rule)}\n`;
  }

  row(report: StepReport): string {
    const { client, request } = report;
    if (report.status === "not installed")
      return `${this.#colors.yellow(this.#line([client, request, "not installed"]).trimEnd())}\n`;
    const cells = [
      client,
      request,
      report.status === "ok" ? report.result : "FAILED",
      report.via.map((one) => nameOf(this.#network, one)).join(", ") || "-",
      String(report.requests),
      String(report.roundTrips),
      String(report.connections),
      String(report.logons),
      report.ms === undefined ? "-" : `${report.ms.toFixed(report.ms < 100 ? 1 : 0)} ms`,
    ];
    const text = this.#line(cells);
    if (report.status === "ok") return `${text}\n`;
    return `${this.#colors.red(text)}\n${this.#colors.red(`  ${report.result}`)}\n`;
  }

  #line(cells: readonly string[]): string {
    return columns
      .map(([title, width], index) => {
        const cell = cells[index] ?? "";
        return NUMBERS.has(title) ? cell.padStart(width) : cell.padEnd(width);
      })
      .join("  ");
  }
}

const NUMBERS: ReadonlySet<string> = new Set(["requests", "round trips", "new TCP", "logons", "answer"]);

/** `parent 1` or `parent 2` for their addresses. */
export function nameOf({ lost, parent }: DemoNetwork, address: string): string {
  if (address === lost.address) return "parent 1";
  return address === parent.address ? "parent 2" : address;
}
