/**
 * What a command is: the help, the reference page, the man page and the shells' completion are all made
 * from these tables, and the code of a command is loaded only when it is called (start-up time is a feature).
 */
export interface CommandSpec {
  readonly name: string;
  /** One line, for lists. */
  readonly summary: string;
  /** Paragraphs for its own help and its man page. */
  readonly description?: string;
  /** Commander's form: `[url]`, `<file>`. */
  readonly arguments?: readonly {
    readonly name: string;
    readonly description: string;
    readonly choices?: readonly string[];
  }[];
  readonly options: readonly OptionSpec[];
  readonly examples: readonly { readonly command: string; readonly does: string }[];
  readonly load: () => Promise<CommandModule>;
}

export interface OptionSpec {
  /** Commander's form: `-c, --config <file>`. */
  readonly flags: string;
  readonly description: string;
  /** May be given several times: the value is a list. */
  readonly repeatable?: true;
  readonly choices?: readonly string[];
}

export interface CommandModule {
  /** @returns the exit code: 0 it worked, 1 it failed, 2 it was called wrongly */
  run(call: CommandCall): Promise<number>;
}

export interface CommandCall {
  readonly arguments: readonly string[];
  /** By the option's long name in camel case. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Results. */
  readonly out: NodeJS.WritableStream;
  /** Progress and messages. */
  readonly err: NodeJS.WritableStream;
  readonly env: NodeJS.ProcessEnv;
}
