/** What Vite makes of imports that aren't code. */
declare module '*.css'
declare module '*?url' {
  const url: string
  // eslint-disable-next-line import-x/no-default-export -- how Vite gives it
  export default url
}
