extension UInt64 {
    /// Which part of a whole it is, in percent; 0 of nothing. Rounded down.
    func percent(of whole: UInt64) -> UInt64 { whole == 0 ? 0 : UInt64(Double(self) * 100 / Double(whole)) }
}
