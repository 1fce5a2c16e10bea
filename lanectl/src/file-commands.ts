import { Argument, InvalidArgumentError, Option, type Command } from 'commander';
import { isFindingCode } from '@lanekeeper/lint/codes';
import { completionScript, SHELLS } from './commands/completion.ts';
import { convertFiles, type ConvertFilesOptions } from './commands/convert.ts';
import { lintFiles, type LintOptions } from './commands/lint.ts';
import { readKey } from './commands/sticky-key.ts';
import { outputOption } from './options.ts';
import { EXIT, type ExitCode } from './output/exit-code.ts';
import type { Terminal } from './output/terminal.ts';

type Ends = (code: ExitCode) => void;

export function addFileCommands(command: Command, terminal: Terminal, ends: Ends): void {
  addLint(command, terminal, ends);
  addConvert(command, terminal, ends);
  addCompletion(command, terminal, ends);
}

function addLint(command: Command, terminal: Terminal, ends: Ends): void {
  command
    .command('lint <file...>')
    .description('what is wrong with lanes in YAML files; no cluster is asked. "-": standard input')
    .addOption(outputOption())
    .addOption(
      new Option('--ignore <code...>', 'codes that are not told of, LK0110').argParser(codes).default([]),
    )
    .addOption(
      new Option('--kubernetes <version>', 'of the cluster that they are for: 1.28').argParser(minorVersion),
    )
    .option('--all', 'the files are all that there is: what is not in them is nowhere', false)
    .action((files: readonly string[], options: LintOptions) => ends(lintFiles(files, options, terminal)));
}

function addConvert(command: Command, terminal: Terminal, ends: Ends): void {
  command
    .command('convert <file...>')
    .description(
      'Ingresses with canaries -> HTTPRoutes and Lanes; what is not as it was is told of. "-": standard input',
    )
    .addOption(new Option('-o, --output <format>', 'format').choices(['yaml', 'json']).default('yaml'))
    .option(
      '--gateway <name>',
      'Gateway that the routes are for, namespace/name; default: a new one is written',
    )
    .addOption(
      new Option(
        '--key <key>',
        'what shares of users are drawn by: header:NAME, cookie:NAME, query:NAME, source-ip; default: a cookie that the gateway sets',
      ).argParser(readKey),
    )
    .action((files: readonly string[], options: ConvertFilesOptions) =>
      ends(convertFiles(files, options, terminal)),
    );
}

function addCompletion(command: Command, terminal: Terminal, ends: Ends): void {
  command
    .command('completion')
    .description('a script that completes commands and options: source <(lanectl completion bash)')
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .action((shell: (typeof SHELLS)[number]) => {
      terminal.out(completionScript(shell, command));
      ends(EXIT.fine);
    });
}

/** Whether Kubernetes knows sidecars, say, hangs on it. */
function minorVersion(text: string): number {
  const [, minor] = /^v?1\.(\d{1,3})(?:\.|$)/.exec(text) ?? [];
  if (minor === undefined) throw new InvalidArgumentError('expected a version such as 1.28.');
  return Number(minor);
}

function codes(text: string, before: readonly string[]): readonly string[] {
  if (isFindingCode(text)) return [...before, text];
  throw new InvalidArgumentError('there is no such code; docs/lint has a page for each.');
}
