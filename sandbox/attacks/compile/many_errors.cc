template <class T> struct L { L<T *> operator->() const; };
int main() { L<int> list; list->x; }
