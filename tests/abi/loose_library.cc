// A library as plugins must not be: it exports three symbols, one of them GNU_UNIQUE, which keeps a library from ever
// being told apart from another copy of it.
template <typename T>
struct __attribute__((visibility("default"))) Counter {
  static inline int value = 0;
};

extern "C" __attribute__((visibility("default"))) int First() {
  return ++Counter<int>::value;
}
extern "C" __attribute__((visibility("default"))) int Second() {
  return 2;
}
