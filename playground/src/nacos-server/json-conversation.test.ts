import { spawn } from 'node:child_process';
import { afterEach, expect, test } from 'vitest';
import { converse, type Conversation } from './json-conversation.ts';

/** Answers in pairs, the second one first; fails what is wrong; ends with a word when it is told to. */
const PROGRAM = `
const held = [];
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const message = JSON.parse(line);
  if (message.greeting) return console.error('hello ' + message.greeting);
  if (message.action === 'end') process.exit(3);
  if (message.action === 'fail') return console.log(JSON.stringify({ id: message.id, ok: false, error: 'refused' }));
  held.push(message);
  if (held.length === 2) for (const { id, value } of held.splice(0).reverse()) console.log(JSON.stringify({ id, ok: true, result: value }));
});
`;

const ends: (() => void)[] = [];

afterEach(() => {
  for (const end of ends.splice(0)) end();
});

function start(): Conversation {
  const child = spawn(process.execPath, ['--eval', PROGRAM], { stdio: ['pipe', 'pipe', 'pipe'] });
  ends.push(() => child.kill('SIGKILL'));
  return converse(child, 'the program');
}

test('gives each question its own answer, in whatever order they come', async () => {
  const { ask } = start();
  expect(await Promise.all([ask({ value: '一' }), ask({ value: 'two' })])).toEqual(['一', 'two']);
});

test('rejects with the error that is answered', async () => {
  await expect(start().ask({ action: 'fail' })).rejects.toThrow('the program: refused');
});

test('rejects what is open, and all that comes later, with the last words of a program that ends', async () => {
  const conversation = start();
  conversation.tell({ greeting: 'world' });
  const open = conversation.ask({ value: 1 });
  await expect(conversation.ask({ action: 'end' })).rejects.toThrow(
    'the program ended with exit code 3\nhello world',
  );
  await expect(open).rejects.toThrow('exit code 3');
  await conversation.ended;
  await expect(conversation.ask({ value: 2 })).rejects.toThrow('exit code 3');
});

test('says so when the program cannot be started', async () => {
  const child = spawn('/nowhere/java', [], { stdio: ['pipe', 'pipe', 'pipe'] });
  await expect(converse(child, 'the program').ask({})).rejects.toThrow(/did not run: .*ENOENT/);
});
