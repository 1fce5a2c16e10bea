import type { Command, Option } from 'commander';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** Completes commands, options and what options may be; made of the program itself. */
export function completionScript(shell: Shell, program: Command): string {
  return SCRIPTS[shell](program.commands.map(describeCommand));
}

interface CompletedCommand {
  readonly name: string;
  readonly description: string;
  /** What may stand for itself: choices of its arguments. */
  readonly words: readonly string[];
  readonly options: readonly CompletedOption[];
}

interface CompletedOption {
  /** `-o`, `--output`. */
  readonly flags: readonly string[];
  readonly description: string;
  readonly choices: readonly string[];
}

function describeCommand(command: Command): CompletedCommand {
  return {
    name: command.name(),
    description: command.description(),
    words: command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices),
    options: command.options.map(describeOption),
  };
}

function describeOption({ short, long, description, argChoices = [] }: Option): CompletedOption {
  const flags = [short, long].filter((flag) => flag !== undefined);
  return { flags, description, choices: argChoices };
}

const SCRIPTS: Readonly<Record<Shell, (commands: readonly CompletedCommand[]) => string>> = {
  bash: bashScript,
  // zsh runs bash's.
  zsh: (commands) => `autoload -U +X bashcompinit && bashcompinit\n${bashScript(commands)}`,
  fish: fishScript,
};

function bashScript(commands: readonly CompletedCommand[]): string {
  return `_lanectl() {
  local words
  case "\${COMP_WORDS[1]} \${COMP_WORDS[COMP_CWORD-1]}" in
${commands.flatMap(choiceCases).join('\n')}
    *) case "\${COMP_WORDS[1]}" in
${commands.map(wordCase).join('\n')}
    esac ;;
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then words="${commands.map(({ name }) => name).join(' ')}"; fi
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _lanectl lanectl
`;
}

function choiceCases({ name, options }: CompletedCommand): readonly string[] {
  return options
    .filter(({ choices }) => choices.length > 0)
    .map(({ flags, choices }) => {
      const patterns = flags.map((flag) => `"${name} ${flag}"`).join('|');
      return `    ${patterns}) words="${choices.join(' ')}" ;;`;
    });
}

function wordCase({ name, words, options }: CompletedCommand): string {
  const long = options.flatMap(({ flags }) => flags.filter((flag) => flag.startsWith('--')));
  return `      ${name}) words="${[...words, ...long].join(' ')}" ;;`;
}

function fishScript(commands: readonly CompletedCommand[]): string {
  const lines = commands.flatMap(({ name, description, words, options }) => [
    `complete -c lanectl -f -n __fish_use_subcommand -a ${name} -d ${quoted(description)}`,
    ...(words.length === 0 ? [] : [`${seen(name)} -f -a ${quoted(words.join(' '))}`]),
    ...options.map((option) => `${seen(name)}${fishFlags(option)} -d ${quoted(option.description)}`),
  ]);
  return `${lines.join('\n')}\n`;
}

function seen(name: string): string {
  return `complete -c lanectl -n '__fish_seen_subcommand_from ${name}'`;
}

function fishFlags({ flags, choices }: CompletedOption): string {
  const named = flags.map((flag) =>
    flag.startsWith('--') ? ` -l ${flag.slice(2)}` : ` -s ${flag.slice(1)}`,
  );
  return named.join('') + (choices.length === 0 ? '' : ` -x -a ${quoted(choices.join(' '))}`);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", '’')}'`;
}
