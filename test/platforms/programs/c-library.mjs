// Prints the version of the C library that Node runs on.
console.log(process.report.getReport().header.glibcVersionRuntime);
