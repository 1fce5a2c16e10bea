// `node fetch-client.ts URL [LANE]`: an ordinary program that calls fetch, with and without a body, and prints the answers.
const [url = '', lane] = process.argv.slice(2);
const headers: Record<string, string> = lane === undefined ? {} : { baggage: `lane=${lane}` };
const answers = [
  await fetch(url, { headers }),
  await fetch(url, { headers, method: 'POST', body: 'x'.repeat(300_000) }),
];
process.stdout.write(JSON.stringify(await Promise.all(answers.map((answer) => answer.json()))));
