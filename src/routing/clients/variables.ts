/** A variable of the environment. Their order is kept: npm takes the last of several spellings. */
export type Variable = readonly [name: string, value: string];
export type Variables = readonly Variable[];

/** As getenv(3): the first of that exact name. */
export function getVariable(variables: Variables, name: string): string | undefined {
  return variables.find(([one]) => one === name)?.[1];
}

/**
 * The first of several names that is set.
 * @param empty whether an empty value is passed over, or found and so hides the names after it
 */
export function lookUp(
  variables: Variables,
  names: readonly string[],
  empty: "is unset" | "hides the rest",
): Found | undefined {
  for (const name of names) {
    const value = getVariable(variables, name);
    if (value !== undefined && (value !== "" || empty === "hides the rest")) return { name, value };
  }
  return undefined;
}

/** A variable that won. */
export interface Found {
  readonly name: string;
  readonly value: string;
}

/** Why a client that reads these names finds no proxy, and which variables that are set it does not read. */
export function whyNone(variables: Variables, read: readonly string[], scheme: string): string {
  const unread = family.filter((name) => !read.includes(name) && getVariable(variables, name));
  const verb = read.length === 1 ? "is" : "are";
  return [
    `${listed(read)} ${verb} not set`,
    ...unread.map((name) => {
      const other = !name.toLowerCase().startsWith(`${scheme}_`) && !name.toLowerCase().startsWith("all_");
      return `${name} is not read${other ? ` for ${scheme}` : ""}`;
    }),
  ].join("; ");
}

/** An empty value that won. */
export function whyEmpty(found: Found, names: readonly string[], variables: Variables): string {
  const hidden = names.slice(names.indexOf(found.name) + 1).filter((name) => getVariable(variables, name));
  return `${found.name} is empty${hidden.length > 0 ? `, which hides ${listed(hidden)}` : ""}`;
}

const family = ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];

function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
