/** The API serves the library's own file here. */
declare module '*/uPlot.esm.js' {
  export { default } from 'uplot';
}
