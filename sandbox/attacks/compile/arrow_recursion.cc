template <class T> struct L { L<T*> operator->() { return {}; } };
int main() { L<int> l; l->x; }
