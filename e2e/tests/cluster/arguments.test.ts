import { describe, expect, it } from 'vitest';
import { readArguments, type Request } from '../../cluster/arguments.ts';

function request(...args: string[]): Request {
  const read = readArguments(args);
  if ('mistake' in read) throw new Error(read.mistake);
  return read;
}

describe('the command line of npm run e2e', () => {
  it('runs every promise against the cluster in KUBECONFIG when nothing else is said', () => {
    expect(request()).toEqual({
      help: false,
      tool: undefined,
      cluster: undefined,
      name: 'promises',
      keep: false,
      words: [],
      vitest: [],
    });
  });

  it('takes a cluster to make, promises by name, and options of vitest after --', () => {
    const read = request(
      '--cluster',
      'build',
      '--keep',
      'fallback',
      'job',
      '--',
      '--reporter=json',
      '--bail=1',
    );
    expect(read).toMatchObject({
      cluster: 'build',
      keep: true,
      words: ['fallback', 'job'],
      vitest: ['--reporter=json', '--bail=1'],
    });
  });

  it('takes a tool with its words', () => {
    expect(request('restart', 'apiserver', 'etcd', '--name', 'mine')).toMatchObject({
      tool: 'restart',
      words: ['apiserver', 'etcd'],
      name: 'mine',
    });
  });

  it.each([
    [['--cluster', 'kind'], "--cluster 'kind': there are build and k3s"],
    [['--keep'], '--keep is for a cluster that is made: --cluster build'],
    [['--name', '../etc'], "--name '../etc': lower-case letters, digits and '-', at most 31"],
    [['--clusters'], "Unknown option '--clusters'"],
  ])('says what is wrong with %j', (args, mistake) => {
    expect(readArguments(args)).toEqual({ mistake: expect.stringContaining(mistake) as string });
  });
});
