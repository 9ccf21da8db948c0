import type { CommandSpec } from "../command.ts";

export const completionSpec: CommandSpec = {
  name: "completion",
  summary: "print the script by which a shell completes sallyport's commands and options",
  arguments: [{ name: "<shell>", description: "whose script is printed", choices: ["bash", "zsh", "fish"] }],
  options: [],
  examples: [
    {
      command: "sallyport completion bash > /etc/bash_completion.d/sallyport",
      does: "for all users of bash, from their next shell on",
    },
    { command: "source <(sallyport completion bash)", does: "for this bash only" },
    {
      command: "sallyport completion zsh > /usr/local/share/zsh/site-functions/_sallyport",
      does: "for all users of zsh",
    },
    {
      command: "sallyport completion fish > ~/.config/fish/completions/sallyport.fish",
      does: "for yourself in fish",
    },
  ],
  load: () => import("../completion.ts"),
};
