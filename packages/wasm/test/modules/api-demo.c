// A function for other modules.
__attribute__((export_name("twice"))) int twice(int n) { return 2 * n; }
