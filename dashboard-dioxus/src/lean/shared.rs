//! Values that are compared by their place in memory. A component that is given one is drawn again only when it is another
//! one, and no code that compares all of its parts is compiled.

use std::ops::Deref;
use std::rc::Rc;

/// A shared value. Two are equal when they are the same one: comparing thousands of numbers would cost more than drawing
/// them.
#[derive(Debug)]
pub(crate) struct Shared<T>(Rc<T>);

impl<T> Shared<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Rc::new(value))
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<T> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_values_are_equal_only_to_themselves() {
        let one = Shared::new(1.0);
        assert!(one == one.clone());
        assert!(one != Shared::new(1.0));
    }
}
