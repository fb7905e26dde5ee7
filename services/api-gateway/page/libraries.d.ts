/** The API serves the libraries' own files here. */
declare module '*/uPlot.esm.js' {
  export { default } from 'uplot';
}

declare module '*/oauth4webapi/index.js' {
  export * from 'oauth4webapi';
}

declare module '*/eventsource-parser/index.js' {
  export * from 'eventsource-parser';
}
