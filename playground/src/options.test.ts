import { expect, test } from 'vitest';
import { UsageError, parseOptions } from './options.ts';

test('stays up and prints text unless told otherwise', () => {
  expect(parseOptions([])).toEqual({ once: false, nacos: false, output: 'text', help: false });
  const options = ['--once', '--nacos', '-o', 'json'];
  expect(parseOptions(options)).toEqual({ once: true, nacos: true, output: 'json', help: false });
});

test('says what it did not understand and where help is', () => {
  for (const args of [['--twice'], ['-o', 'xml'], ['now']]) {
    expect(() => parseOptions(args)).toThrow(UsageError);
    expect(() => parseOptions(args)).toThrow(/--help/);
  }
});
