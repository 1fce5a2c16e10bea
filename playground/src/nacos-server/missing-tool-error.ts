/** What a real Nacos needs is not on this machine; the message says what, and how to get it. */
export class MissingToolError extends Error {
  readonly code = 'nacos-tool-missing';

  constructor(problems: readonly string[], cause?: unknown) {
    super(
      [
        'A real Nacos server is built from Maven Central here, which this machine cannot do:',
        ...problems.map((problem) => `  - ${problem}`),
        'Debian and Ubuntu: apt-get install openjdk-17-jdk-headless maven',
        'macOS: brew install openjdk@17 maven. Elsewhere: https://adoptium.net and https://maven.apache.org/install.html.',
        'A JDK that is not on the PATH is found by JAVA_HOME.',
      ].join('\n'),
      { cause },
    );
    this.name = 'MissingToolError';
  }
}
