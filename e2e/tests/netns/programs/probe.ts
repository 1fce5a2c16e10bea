// Connects to each host:port in its arguments and prints what each said, as JSON: text, or the code of the error.
import { connect } from 'node:net';

function ask(target: string): Promise<string> {
  const [, host = '', port] = /^\[?(.*?)\]?:([0-9]+)$/.exec(target) ?? [];
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ host, port: Number(port), timeout: 5_000 });
    socket.on('data', (chunk) => (text += chunk.toString()));
    socket.once('end', () => resolve(text));
    socket.once('timeout', () => {
      socket.destroy();
      resolve('silent');
    });
    socket.once('error', (error) => resolve('code' in error ? String(error.code) : error.message));
  });
}

const targets = process.argv.slice(2);
const answers = await Promise.all(targets.map(async (target) => [target, await ask(target)]));
process.stdout.write(JSON.stringify(Object.fromEntries(answers)));
