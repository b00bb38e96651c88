constexpr long loop() { long n = 0; for (long k = 0; k < 1L << 60; k++) n += k; return n; }
constexpr long value = loop();
int main() { return value; }
