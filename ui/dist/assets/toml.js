import{n as e,t}from"./vendor-lint.js";function n(n){try{return t(n),[]}catch(t){if(!(t instanceof e))return[{from:0,to:0,severity:`error`,message:String(t)}];let r=n.split(`
`).slice(0,t.line-1).reduce((e,t)=>e+t.length+1,0)+Math.max(0,t.column-1);return[{from:r,to:r+1,severity:`error`,message:(t.message.split(`
`)[0]??``).replace(/^Invalid TOML document: /,``)}]}}export{n as checkTOML};