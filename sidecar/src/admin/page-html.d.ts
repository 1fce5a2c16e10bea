declare module '*/page.html' {
  const text: string;
  export default text;
}
